package abi

import "github.com/foretide/foretide/core/codec"

// decompress returns a checkpoint's payload.
func decompress(f *codec.File) ([]byte, error) {
	if f.Method == codec.Stored {
		return f.Data, nil
	}
	return nil, &Error{BadVersion, "abi: the payload is compressed by a method that is not known here"}
}
