package series

import "math"

// The metrics that Foretide knows by name, in the order of its CSV columns.
// Any other name is a metric too.
const (
	CPU       = "cpu"        // cores (or any unit of its own)
	Memory    = "memory"     // bytes, working set
	DiskRead  = "disk_read"  // bytes a second
	DiskWrite = "disk_write" // bytes a second
	NetRx     = "net_rx"     // bytes a second
	NetTx     = "net_tx"     // bytes a second
	Requests  = "requests"   // requests a second, or a minute
)

// Metrics lists the known metrics in the order of the CSV columns.
var Metrics = []string{CPU, Memory, DiskRead, DiskWrite, NetRx, NetTx, Requests}

// Bounds are the values that a metric can have; infinities where it has no
// bound. No forecast, mean or quantile, is outside them.
type Bounds struct{ Lower, Upper float64 }

// Clamp returns v moved into the bounds.
func (b Bounds) Clamp(v float64) float64 { return min(max(v, b.Lower), b.Upper) }

// DefaultBounds returns the bounds of a known metric: none of them can be
// negative. A metric of another name is unbounded.
func DefaultBounds(metric string) Bounds {
	for _, m := range Metrics {
		if m == metric {
			return Bounds{Lower: 0, Upper: math.Inf(1)}
		}
	}
	return Bounds{Lower: math.Inf(-1), Upper: math.Inf(1)}
}
