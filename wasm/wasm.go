// Package wasm holds the module that forecasts inside any program: the serving
// half of the core, compiled to WebAssembly. ABI.md is its interface, package
// loader its host for Go.
package wasm

import _ "embed" // the module

//go:generate go run ./build

// Module is the module, with SIMD kernels: whoever runs it needs WebAssembly
// 2.0, and no more. Do not modify it.
//
//go:embed foretide.wasm
var Module []byte
