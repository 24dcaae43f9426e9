// Package lambda runs Lambda functions on this machine, from the very bootstraps
// that ship: it serves the Runtime API to them, and to callers the Invoke API
// that the AWS command line and SDKs speak, and function URLs.
//
// It stands in for the service on a laptop and in tests. Memory is not limited
// (GOMEMLIMIT is what the functions are given), nor are callers asked for
// credentials: it listens on the loopback alone.
package lambda
