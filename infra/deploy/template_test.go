package deploy_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/internal/need"
)

// A resource is one of the template's, as CloudFormation is given it.
type resource struct {
	Type, Condition string
	Properties      map[string]any
}

var translated struct {
	once sync.Once
	all  map[string]resource
	err  error
}

// resources returns those that SAM makes of the template.
func resources(t *testing.T) map[string]resource {
	t.Helper()
	python := need.Python(t, "samcli", "samtranslator")
	translated.once.Do(func() {
		cmd := exec.Command(python, "translate.py", "../../template.yaml")
		cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION=us-east-1", "SAM_CLI_TELEMETRY=0")
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		var template struct{ Resources map[string]resource }
		if err == nil {
			err = json.Unmarshal(out, &template)
		}
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, errs.String())
		}
		translated.all, translated.err = template.Resources, err
	})
	if translated.err != nil {
		t.Fatal(translated.err)
	}
	return translated.all
}

// text returns a part of a resource as JSON.
func text(part any) string {
	out, err := json.Marshal(part)
	if err != nil {
		panic(err) // it was read from JSON
	}
	return string(out)
}

// stackName is how the template names the deployment.
const stackName = "${AWS::StackName}"

// TestTwoStacks: what has a name of its own has the deployment's in it, so that an
// account can have a second one; and no right is to a state machine of another.
func TestTwoStacks(t *testing.T) {
	schedules := 0
	for name, r := range resources(t) {
		if r.Type == "AWS::Scheduler::Schedule" {
			schedules++
			if r.Properties["Name"] != nil {
				t.Errorf("the schedule %s is named %v in every stack", name, r.Properties["Name"])
			}
		}
		for _, field := range []string{"StateMachineName", "DashboardName", "LogGroupName", "QueueName", "BucketName", "RoleName", "AlarmName"} {
			named, ok := r.Properties[field]
			of := strings.Contains(text(named), stackName) || strings.Contains(text(named), `"Fn::Sub":"/aws/lambda/${`)
			if ok && r.Type != "AWS::Lambda::Function" && !of {
				t.Errorf("%s has the %s %s in every stack", name, field, text(named))
			}
		}
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		for _, part := range strings.Split(text(r.Properties["Policies"]), `"Fn::Sub":"`)[1:] {
			arn, _, _ := strings.Cut(part, `"`)
			if strings.Contains(arn, ":states:") && !strings.Contains(arn, ":"+stackName+"-fleet") {
				t.Errorf("%s has a right to %s", name, arn)
			}
		}
	}
	if schedules != 3 {
		t.Errorf("there are %d schedules", schedules)
	}
}
