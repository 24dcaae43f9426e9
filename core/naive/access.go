package naive

// Predict returns the forecast of predictor i, as Predictors counts them, for
// the cell that begins ahead seconds after the origin: NaN where the window
// does not hold what the predictor needs.
func (v *View) Predict(i int, ahead int64) float64 { return v.predict(i, ahead) }

// Volatility returns the recent size of five-minute changes: half the last
// day's mean |change| and half that of all the window; 0 where unknown.
func (v *View) Volatility() float64 { return v.volatility() }

// Indices returns the numbers of predictors by their names, which are
// separated by spaces. It panics where one is unknown.
func Indices(names string) []int {
	var out []int
	for from, end := 0, 0; end <= len(names); end++ {
		if end < len(names) && names[end] != ' ' {
			continue
		}
		i := ruleIndex(names[from:end])
		if i < 0 {
			panic("naive: unknown predictor " + names[from:end])
		}
		out = append(out, i)
		from = end + 1
	}
	return out
}
