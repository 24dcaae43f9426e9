package abi

import (
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/zstd"
)

// decompress returns a checkpoint's payload.
func decompress(f *codec.File) ([]byte, error) {
	switch f.Method {
	case codec.Stored:
		return f.Data, nil
	case codec.Zstd:
		out, err := zstd.Decode(f.Data, int(f.Size))
		if err != nil {
			return nil, &codec.DamagedError{Problem: "its payload does not decompress"}
		}
		return out, nil
	}
	return nil, &Error{badVersion, "abi: the payload is compressed by method " + strconv.Itoa(int(f.Method)) + "; known are 0 (none) and 1 (zstd)"}
}
