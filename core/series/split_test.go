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

func TestSplitTimes(t *testing.T) {
	s := Series{Start: 600, Step: 60, Values: make([]float64, 10)} // to 1200
	for _, c := range []struct {
		name             string
		validation, test int64
		want             Split
	}{
		{"on cells", 900, 1080, Split{Part{0, 5}, Part{5, 8}, Part{8, 10}}},
		{"within cells", 841, 1079, Split{Part{0, 5}, Part{5, 8}, Part{8, 10}}},
		{"at once", 900, 900, Split{Part{0, 5}, Part{5, 5}, Part{5, 10}}},
		{"before it", -1 << 60, 0, Split{Part{0, 0}, Part{0, 0}, Part{0, 10}}},
		{"after it", 1200, 1 << 60, Split{Part{0, 10}, Part{10, 10}, Part{10, 10}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := SplitTimes(s, c.validation, c.test); got != c.want || err != nil {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
	if _, err := SplitTimes(s, 901, 900); err != ErrSplit {
		t.Errorf("the wrong way round: got %v, want ErrSplit", err)
	}
	if got, err := SplitTimes(Series{Start: 60, Step: 60}, 60, 60); got != (Split{}) || err != nil {
		t.Errorf("an empty series: got %+v, %v", got, err)
	}
}

// TestSplitDoesNotLeak goes through every origin of many splits: the parts
// follow each other and are everything, the targets of each part's origins are
// in that part, origins of two parts are the longest horizon apart, and no
// origin is left out without need.
func TestSplitDoesNotLeak(t *testing.T) {
	for n := range 40 {
		for v := 0.0; v <= 1; v += 0.17 {
			for test := 0.0; test <= 1; test += 0.19 {
				for ahead := range 12 {
					s := SplitShares(n, v, test)
					o := s.Origins(ahead)
					parts := []Part{s.Train, s.Validation, s.Test}
					from := 0
					for k, origins := range []Part{o.Train, o.Validation, o.Test} {
						p := parts[k]
						if p.From != from || p.To < p.From || origins.Len() < 0 {
							t.Fatalf("%d cells, shares %v and %v: %+v", n, v, test, s)
						}
						from = p.To
						for i := p.From; i < p.To; i++ {
							inside := p.Contains(i + ahead)
							if origins.Contains(i) != inside {
								t.Fatalf("%+v: origin %d with a target at %d: Origins %+v", p, i, i+ahead, origins)
							}
						}
						if k > 0 && origins.Len() > 0 && parts[k-1].Origins(ahead).Len() > 0 {
							if gap := origins.From - parts[k-1].Origins(ahead).To; gap < ahead {
								t.Fatalf("origins of %+v and %+v are %d cells apart", parts[k-1], p, gap)
							}
						}
					}
					if from != n {
						t.Fatalf("%d cells, shares %v and %v: %+v", n, v, test, s)
					}
				}
			}
		}
	}
	if got := (Part{3, 7}).Origins(-5); got != (Part{3, 7}) {
		t.Errorf("a horizon in the past: %+v", got)
	}
}
