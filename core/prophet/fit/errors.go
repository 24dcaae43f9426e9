package fit

import (
	"errors"
	"strconv"
)

// Errors of fitting.
var (
	// ErrRows: fewer than two rows have a value.
	ErrRows = errors.New("prophet: fewer than two observed values")
	// ErrTime: all values are of one time.
	ErrTime = errors.New("prophet: all values are of one time")
	// ErrCap: logistic growth without a capacity, or one that is not above the floor.
	ErrCap = errors.New("prophet: logistic growth needs a cap that is above the floor everywhere")
	// ErrChangepoint: a given changepoint is outside of the history.
	ErrChangepoint = errors.New("prophet: a changepoint is outside of the history")
	// ErrValue: a value is infinite.
	ErrValue = errors.New("prophet: a value is infinite")
)

// A ConfigError is a setting that is impossible.
type ConfigError struct{ Name, Reason string }

// Error names the setting and says what is wrong with it.
func (e *ConfigError) Error() string { return "prophet: " + e.Name + " " + e.Reason }

// A ColumnError is a column that the model needs and the data does not have.
type ColumnError struct {
	Name    string
	Missing int // rows without a value; 0 where there is no column at all
}

// Error names the column.
func (e *ColumnError) Error() string {
	s := "prophet: column " + strconv.Quote(e.Name)
	if e.Missing == 0 {
		return s + " is not in the data"
	}
	return s + " has no value in " + strconv.Itoa(e.Missing) + " rows"
}
