package series

import "testing"

func TestSplitShares(t *testing.T) {
	for _, c := range []struct {
		name             string
		n                int
		validation, test float64
		want             Split
	}{
		{"none", 0, 0.3, 0.3, Split{}},
		{"one cell is for training", 1, 0.9, 0.1, Split{Part{0, 1}, Part{1, 1}, Part{1, 1}}},
		{"tenths", 100, 0.2, 0.1, Split{Part{0, 70}, Part{70, 90}, Part{90, 100}}},
		{"to the nearest cell", 7, 0.3, 0, Split{Part{0, 5}, Part{5, 7}, Part{7, 7}}},
		{"to the nearest cell, up", 9, 0.3, 0, Split{Part{0, 6}, Part{6, 9}, Part{9, 9}}},
		{"no validation", 10, 0, 0.3, Split{Part{0, 7}, Part{7, 7}, Part{7, 10}}},
		{"training alone", 10, 0, 0, Split{Part{0, 10}, Part{10, 10}, Part{10, 10}}},
		{"no training", 10, 0.7, 0.3, Split{Part{0, 1}, Part{1, 7}, Part{7, 10}}},
		{"test alone", 10, 0, 1, Split{Part{0, 1}, Part{1, 1}, Part{1, 10}}},
		{"more than all", 10, 5, 0.5, Split{Part{0, 1}, Part{1, 5}, Part{5, 10}}},
		{"less than none", 10, -1, -2, Split{Part{0, 10}, Part{10, 10}, Part{10, 10}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := SplitShares(c.n, c.validation, c.test); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestSplitIsWhole goes through many splits: the parts follow each other and
// are everything.
func TestSplitIsWhole(t *testing.T) {
	for n := range 40 {
		for v := 0.0; v <= 1; v += 0.17 {
			for test := 0.0; test <= 1; test += 0.19 {
				s := SplitShares(n, v, test)
				from := 0
				for _, p := range []Part{s.Train, s.Validation, s.Test} {
					if p.From != from || p.To < p.From {
						t.Fatalf("%d cells, shares %v and %v: %+v", n, v, test, s)
					}
					from = p.To
				}
				if from != n {
					t.Fatalf("%d cells, shares %v and %v: %+v", n, v, test, s)
				}
			}
		}
	}
}
