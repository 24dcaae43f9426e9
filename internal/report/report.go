// Package report computes what there is to say about a fleet and the models
// that serve it: how good the stored checkpoints were lately, beside the last
// value and beside the same time last week, where they are worst, whether their
// intervals hold what they say, what is wrong with the data, and what to do
// next.
//
// RenderPage writes it as one self-contained HTML page: no script, style, font or
// picture from elsewhere, and no address at all. Every figure stands in a table;
// the script only draws, sorts and filters. The page works on a phone, on paper, in
// light and in dark, and the colour-blind tell its colours (Okabe and Ito's) apart.
//
// Nothing here depends on the clock or on the number of cores: the same data
// and checkpoints give the same report.
package report

import (
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Week is the age of the value that "same time last week" forecasts, in seconds.
const Week = 7 * 86400

// A Report is what there is to say about a fleet.
type Report struct {
	Title      string
	Version    string // of the Foretide that made it
	From, To   int64  // Unix seconds: the first and the end of the last cell of the data
	Containers []string
	Metrics    []string
	Points     int64 // observed values
	Last       int64 // seconds of each series that were to be judged
	Every      int64 // seconds between origins
	Of         int   // series that there are, where the report is of some of them; else 0
	Backtest   bool  // of a model that was fitted on the way, and not of stored checkpoints

	Series   []Series // the worst first
	Served   []Served // by metric and model
	ByMetric []Group  // in the order of Metrics
	ByName   []Group  // by container, the worst first
	All      Group
	Hours    []Hour  // 24 of them, UTC; none where no series has values to compare
	Cover    Cover   // coverage of the intervals as time goes by
	Levels   []Level // coverage by what the intervals say, ascending
	Curves   []Curve // of models that were trained by epochs
	Problems []Problem
	Advice   []Advice
	Warnings []string // of reading the data
}

// A Series is one metric of one container.
type Series struct {
	Container, Metric string
	Step              int64 // seconds, of the model's grid
	From, To          int64 // Unix seconds: its first and the end of its last observed cell
	Points            int   // observed values
	Serving           Serving
	Skipped           string // why it could not be judged; "" where it was
	Test              int64  // Unix seconds: where the judged part begins
	Seen              bool   // the checkpoint was fitted to some of what it is judged on
	Scores            []Score
	Ratio, Week       float64 // means over the horizons of Score.Ratio and Score.WeekRatio
	Coverage          float64 // mean over the horizons

	Next    *forecast.Forecast // from its newest value; nil where there is none
	Recent  series.Series      // the last hours before that forecast, at the full step
	History series.Series      // all of it, coarsened to HistoryCells at most
	Fans    []Fan              // the newest origins, one Fan for each horizon
	Terms   []Term             // what its forecasts are made of (Prophet)

	hours  hours
	covers []covered
}

// A Serving says which model serves a series and why.
type Serving struct {
	Model      string // the family that makes the forecasts
	Asked      string // the family that was asked for; "" without a checkpoint
	Detail     string // "ARIMA(2,1,2) with drift" …
	Checkpoint string // the name in the store; "" where there is none
	Shared     bool   // one checkpoint serves all containers of the metric
	Reasons    forecast.Reasons
	FittedTo   int64   // Unix seconds: the end of the history that it was fitted to; 0 without
	Validation float64 // mean ratio to persistence in training, on what it had not seen; NaN without
	Notes      []string
}

// A Score is how good the forecasts of one horizon were.
type Score struct {
	backtest.Score
	// WeekMAE is the mean absolute error of the value a week before the target,
	// over the WeekRows rows where there is one, and WeekRatio is that by the
	// error of the last value on the same rows. NaN where fewer than half of the
	// rows have one.
	WeekMAE, WeekRatio float64
	WeekRows           int
}

// A Group sums up series that belong together: medians over them of each
// horizon's scores. A series at which the last value makes no error counts in
// none.
type Group struct {
	Name   string // a metric or a container; "" for all
	Series int    // that count at some horizon
	At     []GroupAt
	// Ratio and Week are means over the horizons; Better is the share of series
	// and horizons with a ratio below 1, P95 the 95th percentile of their ratios.
	Ratio, Week, Coverage, Better, P95 float64
}

// A GroupAt holds a group's medians at one horizon.
type GroupAt struct {
	Horizon                                 int64 // seconds
	Series                                  int
	MAE, Persistence, WeekMAE               float64 // in the metric's unit
	Ratio, Week                             float64
	Coverage, R2                            float64
	BetterThanLast, BetterThanWeek, WeekHas int // series
}

// An Hour holds the mean absolute errors of forecasts whose targets lie in one
// hour of the day: medians over the series, in units of each series' own mean
// error of the last value over the whole day.
type Hour struct {
	Hour                     int // 0 … 23, UTC
	Rows                     int
	Model, Persistence, Week float64
}

// A Cover is how many actual values were inside the intervals as time goes by.
type Cover struct {
	// Relative says that At counts from the end of each series' data, because
	// the series are not of the same time.
	Relative bool
	Width    int64 // seconds of a bucket
	At       []CoverAt
}

// A CoverAt is one bucket of time.
type CoverAt struct {
	Time             int64 // its beginning: Unix seconds, or seconds (negative) to the end of the data
	Rows             int
	In50, In80, In95 float64 // shares
}

// A Level compares what intervals say with what they held.
type Level struct {
	Nominal, Actual float64
	Rows            int
}

// A Fan is the forecasts of one horizon from the newest origins, and what came.
// Its slices have the same length.
type Fan struct {
	Horizon        int64   // seconds
	Time           []int64 // of the targets, Unix seconds, ascending
	Actual         []float64
	Median, Lo, Hi []float64 // the 80 % interval
	Lo95, Hi95     []float64
}

// A Term is one component of a series' forecasts at the shortest horizon.
type Term struct {
	Name       string
	Multiplies bool // its values are shares of the trend
	Time       []int64
	Value      []float64
}

// A Curve is the validation loss of a model by epoch.
type Curve struct {
	Name       string // of the checkpoint
	Metric     string
	Containers int
	Losses     []float64 // by epoch, from the first
	Best       int       // the epoch that was kept, from 1
}

// A Problem is something about the data of one series that makes forecasts
// worse or figures misleading.
type Problem struct {
	Container, Metric string
	Kind              Kind
	Text              string
	Weight            float64 // the larger the worse, within a kind
}

// A Kind is a kind of problem.
type Kind string

// The kinds of problems, in the order in which they are told.
const (
	Total    Kind = "running total"
	Resets   Kind = "resets"
	Constant Kind = "constant"
	Stuck    Kind = "stuck"
	Gaps     Kind = "gaps"
	Stopped  Kind = "stopped"
	Short    Kind = "short"
	Shift    Kind = "level shift"
)

// An Advice is something to do, the most urgent first.
type Advice struct {
	Text    string
	Command string   // "" where there is none
	Series  []string // "container metric", that it is about
}

// Key names a series for people.
func (s *Series) Key() string { return s.Container + " " + s.Metric }

// A Served sums up which models serve a metric.
type Served struct {
	Metric, Asked string // the family that was asked for; "" without a checkpoint
	Series        int
	Shared        int   // of them, served by the metric's shared checkpoint
	From, To      int64 // Unix seconds: the earliest and latest end of a history that one was fitted to
	StandIn       int   // whose forecasts are another model's at some horizon
	Ratio         float64
	Validation    float64 // medians of Series.Ratio and Serving.Validation
}
