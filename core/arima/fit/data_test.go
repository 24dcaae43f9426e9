package fit

import (
	"math"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// airPassengers are the monthly totals of international airline passengers,
// 1949 to 1960, in thousands: series G of Box and Jenkins (1976), from the
// examples of facebook/prophet at 181f447 (MIT licence).
var airPassengers = []float64{
	112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
	115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
	145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166,
	171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
	196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201,
	204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
	242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278,
	284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
	315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336,
	340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337,
	360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405,
	417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
}

func logs(y []float64) []float64 {
	out := make([]float64, len(y))
	for i, v := range y {
		out[i] = math.Log(v)
	}
	return out
}

func diffs(y []float64) []float64 {
	out := make([]float64, len(y)-1)
	for i := range out {
		out[i] = y[i+1] - y[i]
	}
	return out
}

// m4Hourly returns the training part of the M4 Hourly series id.
func m4Hourly(t testing.TB, id string) []float64 {
	all, err := testkit.M4Hourly(testkit.Folder(t, testkit.Bench))
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].ID == id {
			return all[i].Train
		}
	}
	t.Fatalf("M4 has no hourly series %q", id)
	return nil
}
