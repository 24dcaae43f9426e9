// Package codec is the bytes of a checkpoint: tagged fields, which every
// model writes its payload in, and the container around them.
//
// It does no compression and no I/O, and is part of the WebAssembly guest.
//
// # Tagged fields
//
// A message is a sequence of fields, laid out as in Protocol Buffers: a tag
// (field number × 8 + wire type) as a varint, then the value.
//
//	wire type  value
//	0          varint: 7 bits a byte, least significant first, top bit = more;
//	           signed integers are zigzag (0, -1, 1, -2 … as 0, 1, 2, 3 …)
//	1          8 bytes, little-endian: a float64 (IEEE 754)
//	2          length as a varint, then that many bytes: a string, a nested
//	           message, or an array (of float64: 8 bytes each; of float32: 4
//	           bytes each; of signed integers: zigzag varints)
//	5          4 bytes; not written, but stepped over
//
// Fields are known by their numbers alone, so moving or renaming the fields of
// a Go struct changes nothing. Fields that a reader does not know are stepped
// over, and fields that are not there keep the reader's default.
//
// # Checkpoint
//
// All numbers are little-endian. H and S are the numbers at 32 and 24.
//
//	offset    size  what
//	0         8     magic: 8E 46 54 49 44 45 0D 0A ("\x8eFTIDE\r\n")
//	8         2     major version of the format: 1
//	10        2     minor version: 0
//	12        1     compression of the payload: 0 none, 1 zstd (RFC 8878)
//	13        3     zero
//	16        8     bytes of the payload when decompressed
//	24        8     bytes of the payload as stored, S
//	32        4     bytes of the header, H
//	36        H     header: tagged fields
//	36+H      S     payload: tagged fields of the model's kind, compressed
//	36+H+S    4     CRC-32C (Castagnoli) of all bytes before it
//
// The file ends there: its size is 40+H+S. A reader refuses another major
// version. It accepts any minor version of its own major one: those add
// tagged fields to the header or give a meaning to the bytes at 13, and all
// that is known keeps its meaning.
//
// Header:
//
//	1  string    kind of the payload: "naive.1", "arima.1", "calibrated.1" …
//	2  string    metric
//	3  string    container; empty where the model serves every container
//	4  integer   step, seconds
//	5  integers  horizons, seconds ahead, ascending
//	6  floats    quantile levels, ascending in (0,1)
//	7  message   provenance
//
// Provenance:
//
//	1   string    version of the Foretide that wrote it
//	2   string    model family that was asked for
//	3   string    effective configuration, YAML
//	4   unsigned  seed
//	5   string    container that it was fitted to; repeated
//	6   integer   Unix second at which the history begins
//	7   integer   Unix second at which it ends
//	8   integer   observed values in it
//	9   string    digest of it, "sha256:…"
//	10  string    how the fit ended: "converged" …
//	11  string    the chosen model, for people
//	12  string    note; repeated
//	13  message   score of a horizon on the validation part; repeated
//	14  floats    validation loss by epoch, from the first
//
// Score (a float that is not there is NaN: not computed):
//
//	1   integer   seconds ahead
//	2   integer   forecasts compared
//	3   float     mean absolute error
//	4   float     root mean squared error
//	5   float     mean absolute error as a ratio to persistence's
//	6   float     R²
//	7   float     sMAPE, percent
//	8   float     MASE
//	9   float     share of actual values in the 80 % interval
//	10  float     mean width of the 80 % interval
package codec
