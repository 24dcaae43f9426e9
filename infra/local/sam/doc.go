// Package sam has the test that "sam build" and "sam local" run the functions as
// README.md says: in containers, against servers of this machine.
package sam
