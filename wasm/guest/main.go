// Command guest is the WebAssembly module: the serving half of the core behind
// the binary interface of wasm/ABI.md. It is built by go generate ./wasm. What
// it does is in core/abi; here are its memory and its exports.
package main

func main() {}
