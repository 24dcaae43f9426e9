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
package codec
