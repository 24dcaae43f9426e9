package fit

import (
	"math"
	"slices"
)

// stepwise is the search of Hyndman and Khandakar: four starting orders, then
// moves to the first better neighbour. Small orders are a hollow of their own
// in the criterion: it begins a second time from far orders, with the seasonal
// ones that it found.
func (a *auto) stepwise() {
	s := &a.s
	c := a.constant
	start := key{min(2, s.MaxP), min(2, s.MaxQ), min(1, s.MaxSP), min(1, s.MaxSQ), c}
	if len(a.y) < 10 {
		start = key{min(1, s.MaxP), min(1, s.MaxQ), 0, 0, c}
	}
	starts := []key{start, {constant: c},
		{p: min(1, s.MaxP), sp: min(1, s.MaxSP), constant: c},
		{q: min(1, s.MaxQ), sq: min(1, s.MaxSQ), constant: c}, {}}
	best, score := start, math.Inf(1)
	for _, k := range starts {
		if a.seen(k) {
			continue
		}
		if v := a.score(k); v < score {
			best, score = k, v
		}
	}
	best = a.climb(best, score)
	near := a.nearBest()
	if far := (key{min(far, s.MaxP), min(far, s.MaxQ), best.sp, best.sq, best.constant}); !a.seen(far) && !a.interrupted() {
		a.climb(far, a.score(far))
	}
	if s.Approximate {
		a.refine(append(near, a.nearBest()...))
	}
}

// far is p and q where the search begins a second time.
const far = 3

// moves are the neighbours of an order in the sequence they are tried.
var moves = [...]key{
	{sp: -1}, {sq: -1}, {sp: 1}, {sq: 1},
	{sp: -1, sq: -1}, {sp: -1, sq: 1}, {sp: 1, sq: -1}, {sp: 1, sq: 1},
	{p: -1}, {q: -1}, {p: 1}, {q: 1},
	{p: -1, q: -1}, {p: -1, q: 1}, {p: 1, q: -1}, {p: 1, q: 1},
	{constant: true},
}

func (k key) plus(d key) key {
	return key{k.p + d.p, k.q + d.q, k.sp + d.sp, k.sq + d.sq, k.constant != d.constant}
}

// climb moves from best to the first better neighbour until there is none, and
// returns where it ended.
func (a *auto) climb(best key, score float64) key {
	count := 0
	for moved := true; moved; {
		moved = false
		for _, d := range moves {
			k := best.plus(d)
			if !a.inside(k) || a.seen(k) {
				continue
			}
			if count++; count > a.s.Models || a.interrupted() {
				return best
			}
			if v := a.score(k); v < score {
				best, score, moved = k, v, true
				break
			}
		}
	}
	return best
}

func (a *auto) interrupted() bool { return a.s.Interrupt != nil && a.s.Interrupt() }

// full tries every order within the bounds.
func (a *auto) full() {
	s := &a.s
	for p := 0; p <= s.MaxP; p++ {
		for q := 0; q <= s.MaxQ; q++ {
			for sp := 0; sp <= s.MaxSP; sp++ {
				for sq := 0; sq <= s.MaxSQ; sq++ {
					if p+q+sp+sq > s.MaxOrder || a.interrupted() {
						continue
					}
					a.score(key{p, q, sp, sq, false})
					if a.constant {
						a.score(key{p, q, sp, sq, true})
					}
				}
			}
		}
	}
	if s.Approximate {
		a.refine(a.nearBest())
	}
}

// Exact likelihoods are computed for the first few orders by approximation,
// then for neighbours of the best whose approximate criterion is within
// nearScore of it.
const (
	few       = 3
	nearScore = 8
)

// nearBest returns the first few orders by approximation so far.
func (a *auto) nearBest() []key {
	ranked := a.ranked()
	return ranked[:min(few, len(ranked)):min(few, len(ranked))]
}

// refine goes on by exact likelihood from what the approximation found: from
// the orders near, or from others where none of these can be estimated.
func (a *auto) refine(near []key) {
	a.exactly = true
	best, score := key{}, math.Inf(1)
	for i, k := range append(near, a.ranked()...) {
		if i >= len(near) && !math.IsInf(score, 1) || a.interrupted() && i > 0 {
			break
		}
		if v := a.exactScore(k); v < score {
			best, score = k, v
		}
	}
	if math.IsInf(score, 1) || a.s.Full {
		return
	}
	for moved := true; moved; {
		moved = false
		for _, d := range moves {
			k := best.plus(d)
			if !a.inside(k) || a.seen(k) || a.interrupted() {
				continue
			}
			if a.roughScore(k) > a.roughScore(best)+nearScore {
				continue
			}
			if v := a.exactScore(k); v < score {
				best, score, moved = k, v, true
				break
			}
		}
	}
}

// ranked returns the approximated orders, best first, refused ones last.
func (a *auto) ranked() []key {
	keys := make([]key, 0, len(a.approx))
	for k := range a.approx {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(k, l key) int {
		u, v := a.approx[k].score, a.approx[l].score
		switch {
		case u < v:
			return -1
		case u > v:
			return 1
		}
		return k.compare(l)
	})
	return keys
}

// compare orders keys of the same score: the search must not depend on the
// order of a map.
func (k key) compare(l key) int {
	for _, d := range [4]int{k.p - l.p, k.q - l.q, k.sp - l.sp, k.sq - l.sq} {
		if d != 0 {
			return d
		}
	}
	if k.constant == l.constant {
		return 0
	}
	if l.constant {
		return -1
	}
	return 1
}
