package fit

import (
	"errors"
	"strconv"
)

// Errors of fitting.
var (
	// errRows: fewer than two rows have a value.
	errRows = errors.New("prophet: fewer than two observed values")
	// errTime: all values are of one time.
	errTime = errors.New("prophet: all values are of one time")
	// errCap: logistic growth without a capacity, or one that is not above the floor.
	errCap = errors.New("prophet: logistic growth needs a cap that is above the floor everywhere")
	// errChangepoint: a given changepoint is outside of the history.
	errChangepoint = errors.New("prophet: a changepoint is outside of the history")
	// errValue: a value is infinite.
	errValue = errors.New("prophet: a value is infinite")
)

// A configError is a setting that is impossible.
type configError struct{ Name, Reason string }

// Error names the setting and says what is wrong with it.
func (e *configError) Error() string { return "prophet: " + e.Name + " " + e.Reason }

// A columnError is a column that the model needs and the data does not have.
type columnError struct {
	Name    string
	Missing int // rows without a value; 0 where there is no column at all
}

// Error names the column.
func (e *columnError) Error() string {
	s := "prophet: column " + strconv.Quote(e.Name)
	if e.Missing == 0 {
		return s + " is not in the data"
	}
	return s + " has no value in " + strconv.Itoa(e.Missing) + " rows"
}
