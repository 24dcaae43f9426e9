package fit

import (
	"math"
	"slices"
)

// stepwise is the search of Hyndman and Khandakar: four starting orders, then
// moves to the first better neighbour.
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
	a.climb(best, score)
	if s.Approximate {
		a.refine()
	}
}

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

// climb moves from best to the first better neighbour until there is none.
func (a *auto) climb(best key, score float64) {
	count := 0
	for moved := true; moved; {
		moved = false
		for _, d := range moves {
			k := best.plus(d)
			if !a.inside(k) || a.seen(k) {
				continue
			}
			if count++; count > a.s.Models || a.interrupted() {
				return
			}
			if v := a.score(k); v < score {
				best, score, moved = k, v, true
				break
			}
		}
	}
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
		a.refine()
	}
}

// Exact likelihoods are computed for the first nearBest orders by
// approximation, then for neighbours of the best whose approximate criterion
// is within nearScore of it.
const (
	nearBest  = 3
	nearScore = 8
)

// refine goes on by exact likelihood from what the approximation found.
func (a *auto) refine() {
	ranked := a.ranked()
	a.exactly = true
	best, score := key{}, math.Inf(1)
	for i, k := range ranked {
		if i >= nearBest && !math.IsInf(score, 1) || a.interrupted() && i > 0 {
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
