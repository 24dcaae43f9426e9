// Package fit fits the models that core/auto combines.
package fit

import (
	"errors"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/auto"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Config is which models are combined. They are fitted to one container each.
type Config struct {
	Members []forecast.Model
	// Guard is the family of the member that keeps the others in sight (see
	// auto.New); "" for none.
	Guard string
}

// Name returns "auto".
func (Config) Name() string { return auto.Name }

// Global reports false: one fit serves one container.
func (Config) Global() bool { return false }

// Fit fits the members to one history. One that cannot be fitted is left out,
// with a note; where none can be, the error is theirs. Others are those of
// the members.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	f, report, err := c.combine(c.Members, func(_ int, m forecast.Model) (forecast.Fitted, forecast.Report, error) {
		return m.Fit(history, task, opts)
	})
	if err != nil {
		return nil, report, err
	}
	return f, report, nil
}

// Refit refits the members of a model that Fit returned.
func (c Config) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	before := fitted.(*auto.Fitted).Members()
	members := make([]forecast.Model, len(before))
	for i, f := range before {
		members[i] = c.member(f.Spec().Model)
	}
	again, report, err := c.combine(members, func(i int, m forecast.Model) (forecast.Fitted, forecast.Report, error) {
		if r, ok := m.(forecast.Refitter); ok {
			return r.Refit(before[i], history, task, opts)
		}
		return m.Fit(history, task, opts)
	})
	if err != nil {
		return nil, report, err
	}
	return again.Like(fitted.(*auto.Fitted)), report, nil
}

// member returns the model of a family.
func (c Config) member(family string) forecast.Model {
	for _, m := range c.Members {
		if m.Name() == family {
			return m
		}
	}
	panic("ensemble: the model has a member that the configuration has not")
}

// Renewal is the shortest of the members'.
func (c Config) Renewal() int64 {
	least := int64(0)
	for _, m := range c.Members {
		if r, ok := m.(forecast.Refitter); ok && r.Renewal() > 0 && (least == 0 || r.Renewal() < least) {
			least = r.Renewal()
		}
	}
	return least
}

// combine combines those of the models that can be fitted.
func (c Config) combine(models []forecast.Model, fit func(i int, m forecast.Model) (forecast.Fitted, forecast.Report, error)) (*auto.Fitted, forecast.Report, error) {
	var members []forecast.Fitted
	var report forecast.Report
	var failed []error
	var summaries []string
	for i, model := range models {
		m, r, err := fit(i, model)
		if errors.Is(err, forecast.ErrInterrupted) {
			return nil, report, err
		}
		if err != nil {
			failed = append(failed, err)
			report.Notes = append(report.Notes, model.Name()+" is left out: "+err.Error())
			continue
		}
		members = append(members, m)
		report.Points = max(report.Points, r.Points)
		report.Reasons |= r.Reasons
		report.Notes = append(report.Notes, r.Notes...)
		report.Status = max(report.Status, r.Status)
		summaries = append(summaries, r.Summary)
	}
	if len(members) == 0 {
		return nil, report, errors.Join(failed...)
	}
	guard := slices.IndexFunc(members, func(m forecast.Fitted) bool { return m.Spec().Model == c.Guard })
	f, err := auto.New(members, guard)
	if err != nil {
		return nil, report, err
	}
	report.Summary = "mean of " + strings.Join(summaries, " and ")
	return f, report, nil
}
