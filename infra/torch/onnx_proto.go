package torch

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of onnx.proto, written field by field: a handful of them does not
// warrant some ten thousand lines of generated code. Names and numbers are those
// of https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto.

// A message is a protocol buffer that is appended to.
type message []byte

func (m *message) int(field protowire.Number, v int64) {
	*m = protowire.AppendTag(*m, field, protowire.VarintType)
	*m = protowire.AppendVarint(*m, uint64(v))
}

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendTag(*m, field, protowire.BytesType)
	*m = protowire.AppendBytes(*m, v)
}

func (m *message) string(field protowire.Number, v string) { m.bytes(field, []byte(v)) }

// Types of elements (TensorProto.DataType).
const (
	float  = 1
	int64s = 7
)

// tensor returns a TensorProto with raw_data.
func tensor(name string, of int64, dims []int, raw []byte) message {
	var m message
	for _, d := range dims {
		m.int(1, int64(d)) // dims
	}
	m.int(2, of)      // data_type
	m.string(8, name) // name
	m.bytes(9, raw)   // raw_data
	return m
}

func floats(x []float32) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func ints(x ...int64) []byte {
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// An attribute is an AttributeProto.
type attribute message

func attributeInt(name string, v int64) attribute {
	var m message
	m.string(1, name) // name
	m.int(3, v)       // i
	m.int(20, 2)      // type INT
	return attribute(m)
}

func attributeInts(name string, v ...int64) attribute {
	var m message
	m.string(1, name) // name
	for _, x := range v {
		m.int(8, x) // ints
	}
	m.int(20, 7) // type INTS
	return attribute(m)
}

func attributeString(name, v string) attribute {
	var m message
	m.string(1, name) // name
	m.string(4, v)    // s
	m.int(20, 3)      // type STRING
	return attribute(m)
}

// node returns a NodeProto.
func node(op string, inputs, outputs []string, attributes ...attribute) message {
	var m message
	for _, x := range inputs {
		m.string(1, x) // input
	}
	for _, x := range outputs {
		m.string(2, x) // output
	}
	m.string(3, outputs[0]+" of "+op) // name
	m.string(4, op)                   // op_type
	for _, a := range attributes {
		m.bytes(5, a) // attribute
	}
	return m
}

// valueInfo returns a ValueInfoProto of floats, whose first dimension is free.
func valueInfo(name, what string, dims ...int) message {
	var shape message
	var free message
	free.string(2, "N") // dim_param
	shape.bytes(1, free)
	for _, d := range dims {
		var dim message
		dim.int(1, int64(d)) // dim_value
		shape.bytes(1, dim)
	}
	var of, kind, m message
	of.int(1, float)   // elem_type
	of.bytes(2, shape) // shape
	kind.bytes(1, of)  // tensor_type
	m.string(1, name)  // name
	m.bytes(2, kind)   // type
	m.string(3, what)  // doc_string
	return m
}
