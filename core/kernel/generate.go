package kernel

// The generator is a module of its own: who imports this package needs no avo.

//go:generate go run -C _generate . -set avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//go:generate go run -C _generate . -set avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel
//go:generate go run -C _generate . -set neon
//go:generate go run -C _generate . -set switch
//go:generate go run -C _generate . -set peak -out ../../../internal/peak/fma_amd64.s -stubs ../../../internal/peak/fma_amd64.go -pkg peak
