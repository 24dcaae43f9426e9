package models

import (
	"slices"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/auto"
	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/ets"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/linear"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/prophet"
)

// A Family is an entry of the table of model families.
type Family struct {
	Name string // as in configurations: "arima"
	Kind string // of the payload: "arima.1"
	Traits
	decode func(payload []byte, inner decoder) (forecast.Fitted, error)
}

// Traits describe how a family is trained and used.
type Traits struct {
	Global   bool `json:"global"`   // by default one fit serves all containers
	Pooled   bool `json:"pooled"`   // one training serves all metrics and steps
	Scoped   bool `json:"scoped"`   // the setting scope chooses one fit for all, one each, or one tuned to each
	Epochs   bool `json:"epochs"`   // trained in epochs, on all cores
	Final    bool `json:"final"`    // the last epoch is kept, not the best
	Siblings bool `json:"siblings"` // training reads the container's other metrics
	Columns  bool `json:"columns"`  // reads columns that its settings name
	BuiltIn  bool `json:"built_in"` // compiled into the library and the module: needs no training
	// Mixed: a fit and the mix of simple predictors err apart, so that
	// calibration also tries their mean (benchmarks/linear).
	Mixed bool `json:"mixed"`
	// Rounded: forecasts agree between processors to 1e-5, not 1e-9 (ABI.md).
	Rounded bool `json:"rounded"`
	// Workspace: a forecast needs so much memory that each checkpoint keeps its own.
	Workspace bool `json:"workspace"`
}

// Shared reports whether one fit serves all containers, where own says that the
// configuration asks for one of each container's own.
func (t Traits) Shared(own bool) bool { return t.Global && !(t.Scoped && own) }

// A decoder decodes a model within another.
type decoder = func(kind string, payload []byte) (forecast.Fitted, error)

// table lists the families. Test vectors load their checkpoints in this order:
// append new families.
var table = [...]Family{
	{naive.Name, naive.Kind, Traits{},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return naive.Decode(b) }},
	{arima.Name, arima.Kind, Traits{},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return fitted(arima.Decode(b)) }},
	{linear.Name, linear.Kind, Traits{Mixed: true},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return fitted(linear.Decode(b)) }},
	{prophet.Name, prophet.Kind, Traits{Columns: true},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return fitted(prophet.Decode(b)) }},
	{lstm.Name, lstm.Kind, Traits{Global: true, Scoped: true, Epochs: true, Siblings: true, Rounded: true, Workspace: true},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return fitted(lstm.Decode(b)) }},
	{network.Name, network.Kind, Traits{Global: true, Pooled: true, Epochs: true, Final: true, Rounded: true},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return fitted(network.Decode(b)) }},
	{auto.Name, auto.Kind, Traits{Mixed: true, Rounded: true},
		func(b []byte, inner decoder) (forecast.Fitted, error) { return fitted(auto.Decode(b, inner)) }},
	{general.Name, general.Kind, Traits{BuiltIn: true, Rounded: true},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return general.Decode(b) }},
	{ets.Name, ets.Kind, Traits{},
		func(b []byte, _ decoder) (forecast.Fitted, error) { return fitted(ets.Decode(b)) }},
}

// wrappers are the kinds of payload that hold another model.
var wrappers = [...]Family{
	{Kind: calibrate.Kind,
		decode: func(b []byte, inner decoder) (forecast.Fitted, error) { return fitted(calibrate.Decode(b, inner)) }},
	{Kind: calibrate.SharedKind,
		decode: func(b []byte, inner decoder) (forecast.Fitted, error) {
			return fitted(calibrate.DecodeShared(b, inner))
		}},
}

// Families returns the table. New families are appended to it.
func Families() []Family { return slices.Clone(table[:]) }

// Names returns the names of the families, sorted.
func Names() []string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].Name
	}
	slices.Sort(names)
	return names
}

// Of returns the traits of a family. The traits of an unknown one are all
// false.
func Of(name string) Traits {
	for i := range table {
		if table[i].Name == name {
			return table[i].Traits
		}
	}
	return Traits{}
}

// Kinds returns the kinds of payload that Decode understands, sorted.
func Kinds() []string {
	var kinds []string
	add := func(kind string) { // slices.Sort would make the module bigger
		i := len(kinds)
		for kinds = append(kinds, kind); i > 0 && kinds[i-1] > kind; i-- {
			kinds[i] = kinds[i-1]
		}
		kinds[i] = kind
	}
	for i := range table {
		add(table[i].Kind)
	}
	for i := range wrappers {
		add(wrappers[i].Kind)
	}
	return kinds
}
