package fit

import (
	"github.com/foretide/foretide/core/arima/internal/sarima"
)

// A Criterion ranks models; smaller is better.
type criterion uint8

// The criteria.
const (
	aicc criterion = iota
	aic
	bic
)

// search says among which orders to choose. The defaults are those of R's
// auto.arima; bounds are inclusive.
type search struct {
	Period     int // of the season in values; 1: none
	MaxP, MaxQ int
	// MaxSP and MaxSQ bound the seasonal orders.
	MaxSP, MaxSQ int
	// MaxOrder bounds p+q+P+Q in a full search only.
	MaxOrder int
	// D and SD are the differences; -1: by KPSS tests and seasonal strength,
	// up to MaxD and MaxSD.
	D, SD, MaxD, MaxSD int
	Mean, Drift        bool // may be estimated
	Criterion          criterion
	Full               bool // every order instead of a stepwise search
	// Approximate ranks orders by the conditional sum of squares first and
	// computes the exact likelihood of the best only.
	Approximate bool
	Models      int // at most so many orders in each phase of a stepwise search
	Interrupt   func() bool
}

// DefaultSearch is the stepwise search of Hyndman and Khandakar (2008) for n
// values with a season of period values (1: none).
func DefaultSearch(n, period int) search {
	return search{
		Period: period,
		MaxP:   5, MaxQ: 5, MaxSP: 2, MaxSQ: 2, MaxOrder: 5,
		D: -1, SD: -1, MaxD: 2, MaxSD: 1,
		Mean: true, Drift: true,
		Approximate: n > 150 || period > 12,
		Models:      94,
	}
}

// A candidate is an order that was looked at.
type candidate struct {
	Order    sarima.Order
	Constant bool
	Score    float64 // the criterion; +Inf where the model is refused
	Exact    bool    // by the exact likelihood; else approximate, and comparable only with its like
}
