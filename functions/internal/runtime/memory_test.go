package runtime

import (
	"math"
	"runtime/debug"
	"testing"
)

// TestLimitMemory: a function's size bounds its heap, unless GOMEMLIMIT does.
func TestLimitMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(math.MaxInt64))
	for _, c := range []struct {
		size, limit string
		want        int64
	}{{"", "", math.MaxInt64}, {"much", "", math.MaxInt64}, {"256", "1GiB", math.MaxInt64}, {"256", "", 256 << 20 / 5 * 4}} {
		debug.SetMemoryLimit(math.MaxInt64)
		env := map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": c.size, "GOMEMLIMIT": c.limit}
		if got := limitMemory(func(name string) string { return env[name] }); got != c.want {
			t.Errorf("%+v: the limit is %d", c, got)
		}
	}
}
