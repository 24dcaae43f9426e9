package codec

import (
	"errors"
	"strconv"
)

// Magic is what a checkpoint begins with. Its first byte is not ASCII and its
// end is a line break of two bytes, so that a transfer as text shows.
const Magic = "\x8eFTIDE\r\n"

// The version of the container that this package writes. It reads every minor
// version of the same major one.
const (
	Major = 1
	minor = 0
)

// Method is how a payload is compressed.
type Method uint8

// The methods. The payload is compressed and decompressed by the caller.
const (
	Stored Method = 0 // not compressed
	Zstd   Method = 1 // RFC 8878
)

const (
	prefixSize   = 36 // before the header
	checksumSize = 4
)

var (
	// ErrNotCheckpoint: the bytes do not begin as a checkpoint does.
	ErrNotCheckpoint = errors.New("codec: not a checkpoint")
	// ErrDamaged: the bytes begin as a checkpoint does, and have been cut or
	// changed since. It comes with what was found in a *DamagedError.
	ErrDamaged = errors.New("codec: damaged checkpoint")
	// ErrVersion: the checkpoint has a format that this program does not
	// understand. It comes with the versions in a *VersionError.
	ErrVersion = errors.New("codec: unknown checkpoint format")
)

// A DamagedError says what is wrong with the bytes of a checkpoint.
type DamagedError struct{ Problem string }

// Error says what is wrong.
func (e *DamagedError) Error() string { return ErrDamaged.Error() + ": " + e.Problem }

// Is makes a DamagedError an ErrDamaged.
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

// A VersionError is a checkpoint of another major version.
type VersionError struct{ Major, Minor uint16 }

// Error names the checkpoint's version and the ones that are understood.
func (e *VersionError) Error() string {
	return ErrVersion.Error() + ": it is version " + strconv.Itoa(int(e.Major)) + "." +
		strconv.Itoa(int(e.Minor)) + ", this program understands " + strconv.Itoa(Major) + ".x"
}

// Is makes a VersionError an ErrVersion.
func (e *VersionError) Is(target error) bool { return target == ErrVersion }

// A File is a checkpoint as it is stored. Its Checkpoint has no payload until
// the caller decompresses Data to it.
type File struct {
	Checkpoint
	Major, Minor uint16
	Method       Method
	Size         uint64 // bytes of the payload when decompressed, as claimed
	Data         []byte // the payload as stored; shares the parsed bytes
	Checksum     uint32 // CRC-32C of the file
}

// Append appends the checkpoint to dst, its payload uncompressed.
func (c *Checkpoint) Append(dst []byte) []byte {
	return c.AppendCompressed(dst, Stored, c.Payload)
}

// AppendCompressed appends the checkpoint to dst, with data, which is the
// payload compressed by the method, in the payload's place.
func (c *Checkpoint) AppendCompressed(dst []byte, method Method, data []byte) []byte {
	var w Writer
	c.writeHeader(&w)
	start := len(dst)
	dst = append(dst, Magic...)
	dst = append(dst, Major, Major>>8, minor, minor>>8, byte(method), 0, 0, 0)
	dst = AppendUint64(dst, uint64(len(c.Payload)))
	dst = AppendUint64(dst, uint64(len(data)))
	dst = AppendUint32(dst, uint32(len(w.Bytes())))
	dst = append(dst, w.Bytes()...)
	dst = append(dst, data...)
	return AppendUint32(dst, checksum(dst[start:]))
}

// Parse takes a checkpoint apart. Every cut, every changed byte and every byte
// too many is an error: ErrNotCheckpoint, ErrDamaged, ErrVersion or ErrHeader.
// It allocates a small multiple of the header's bytes and copies no payload.
func Parse(b []byte) (*File, error) {
	if len(b) < len(Magic) || string(b[:len(Magic)]) != Magic {
		return nil, ErrNotCheckpoint
	}
	if len(b) < prefixSize+checksumSize {
		return nil, &DamagedError{"it ends after " + strconv.Itoa(len(b)) + " bytes"}
	}
	f := &File{
		Major:    uint16(b[8]) | uint16(b[9])<<8,
		Minor:    uint16(b[10]) | uint16(b[11])<<8,
		Method:   Method(b[12]),
		Size:     Uint64(b[16:]),
		Checksum: Uint32(b[len(b)-checksumSize:]),
	}
	if f.Major != Major {
		return nil, &VersionError{f.Major, f.Minor}
	}
	header, err := f.split(b)
	if err != nil {
		return nil, err
	}
	if checksum(b[:len(b)-checksumSize]) != f.Checksum {
		return nil, &DamagedError{"its checksum does not match"}
	}
	r := NewReader(header)
	f.readHeader(r)
	if r.Err() != nil {
		return nil, &DamagedError{r.Err().Error()}
	}
	if f.Method == Stored && f.Size != uint64(len(f.Data)) {
		return nil, &DamagedError{"its payload has another size than it says"}
	}
	if err := f.Check(); err != nil {
		return nil, err
	}
	return f, nil
}

// split sets f.Data and returns the header.
func (f *File) split(b []byte) (header []byte, err error) {
	body := b[prefixSize : len(b)-checksumSize]
	h, data := uint64(Uint32(b[32:])), Uint64(b[24:])
	// h has 32 bits, so h+data overflows only where data alone is too much.
	if n := uint64(len(body)); data > n || h+data > n {
		return nil, &DamagedError{"it is cut, or its lengths are wrong"}
	} else if h+data < n {
		return nil, &DamagedError{"it is followed by other bytes, or its lengths are wrong"}
	}
	f.Data = body[h:]
	return body[:h], nil
}
