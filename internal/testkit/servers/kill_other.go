//go:build !unix

package servers

import "os/exec"

func group(*exec.Cmd) {}

// kill ends a program.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // it may have ended
