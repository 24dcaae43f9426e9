package functions_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
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
	python := testkit.Python(t, "samcli", "samtranslator")
	translated.once.Do(func() {
		source, err := os.ReadFile("../template.yaml")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(python, deployFolder+"translate.py")
		cmd.Stdin = bytes.NewReader(source)
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

// stackReference is how the template names the deployment.
const stackReference = "${AWS::StackName}"

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
			of := strings.Contains(text(named), stackReference)
			if ok && r.Type != "AWS::Lambda::Function" && !of {
				t.Errorf("%s has the %s %s in every stack", name, field, text(named))
			}
		}
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		for _, part := range strings.Split(text(r.Properties["Policies"]), `"Fn::Sub":"`)[1:] {
			arn, _, _ := strings.Cut(part, `"`)
			if strings.Contains(arn, ":states:") && !strings.Contains(arn, ":"+stackReference+"-fleet") {
				t.Errorf("%s has a right to %s", name, arn)
			}
		}
	}
	if schedules != 3 {
		t.Errorf("there are %d schedules", schedules)
	}
}

// TestLogGroups: every function writes to a group of the template, which is there
// before it: no invocation can make a group that CloudFormation then finds taken.
func TestLogGroups(t *testing.T) {
	all := resources(t)
	for name, r := range all {
		if r.Type != "AWS::Lambda::Function" {
			continue
		}
		config, _ := r.Properties["LoggingConfig"].(map[string]any)
		group, _ := config["LogGroup"].(map[string]any)
		of, _ := group["Ref"].(string)
		if g := all[of]; g.Type != "AWS::Logs::LogGroup" || g.Properties["RetentionInDays"] == nil || strings.Contains(text(g.Properties), "Function") || config["LogFormat"] != "JSON" {
			t.Errorf("%s writes to %s, %+v", name, text(config), g)
		}
	}
}

// TestNewAccount: nothing is reserved of the ten executions that a new account has
// at the same time: AWS would refuse that.
func TestNewAccount(t *testing.T) {
	for name, r := range resources(t) {
		if r.Properties["ReservedConcurrentExecutions"] != nil || r.Properties["ProvisionedConcurrencyConfig"] != nil {
			t.Errorf("%s reserves executions", name)
		}
	}
}

// TestKey: with a key of the user's the bucket is encrypted by it, and every role
// that uses the bucket may use that key, and no other.
func TestKey(t *testing.T) {
	all := resources(t)
	if got := text(all["Bucket"].Properties["BucketEncryption"]); !strings.Contains(got, `{"KMSMasterKeyID":{"Ref":"KmsKeyArn"},"SSEAlgorithm":"aws:kms"}`) {
		t.Errorf("the bucket's encryption is %s", got)
	}
	given := map[string]string{}
	for _, r := range all {
		if policy := text(r.Properties); r.Type == "AWS::IAM::Policy" {
			if r.Condition != "HasKey" || strings.Count(policy, `"Resource":`) != 1 || !strings.Contains(policy, `"Resource":{"Ref":"KmsKeyArn"}`) {
				t.Errorf("a policy is %s, if %s", policy, r.Condition)
			}
			for _, role := range r.Properties["Roles"].([]any) {
				given[role.(map[string]any)["Ref"].(string)] = policy
			}
		}
	}
	for name, r := range all {
		policies := text(r.Properties["Policies"])
		if r.Type != "AWS::IAM::Role" || !strings.Contains(policies, `"s3:`) {
			continue
		}
		if !strings.Contains(given[name], "kms:Decrypt") || strings.Contains(policies, `"s3:PutObject`) != strings.Contains(given[name], "kms:GenerateDataKey") {
			t.Errorf("%s may do %q with the key", name, given[name])
		}
		delete(given, name)
	}
	if len(given) > 0 {
		t.Errorf("these use no bucket: %v", given)
	}
}

// TestAlarms: what can fail has an alarm, and what can stop has one that no news
// is bad news for; each is on the dashboard.
func TestAlarms(t *testing.T) {
	all := resources(t)
	board := text(all["Dashboard"].Properties)
	watched := map[string]bool{}
	metric := regexp.MustCompile(`"MetricName":"(\w+)","Namespace":"([\w/]+)"`)
	for name, r := range all {
		if r.Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		if text(r.Properties["AlarmActions"]) == "null" || !strings.Contains(board, "${"+name+".Arn}") {
			t.Errorf("nobody is told of %s", name)
		}
		breaching := ""
		if r.Properties["TreatMissingData"] == "breaching" {
			breaching = " or none"
		}
		found := metric.FindAllStringSubmatch(text(r.Properties), -1)
		for _, m := range found {
			watched[m[2]+" "+m[1]+breaching] = true
		}
		if len(found) == 0 || len(found) > 1 && !strings.Contains(text(r.Properties), `"ReturnData":false`) {
			t.Errorf("%s watches %v", name, found)
		}
	}
	for _, want := range []string{
		"Foretide Samples or none", "Foretide Forecasts or none", "Foretide PredictFailed", "Foretide TrainFailed", "Foretide Answers5xx",
		"AWS/Lambda Errors", "AWS/Lambda Throttles", "AWS/States ExecutionsFailed", "AWS/States ExecutionsTimedOut",
		"AWS/SQS ApproximateAgeOfOldestMessage", "AWS/SQS ApproximateNumberOfMessagesVisible",
	} {
		if !watched[want] {
			t.Errorf("no alarm watches %s", want)
		}
	}
	stage := text(all["ApiApiGatewayDefaultStage"].Properties["AccessLogSettings"])
	for _, field := range []string{"$context.requestId", "$context.status", "$context.identity.userArn", `"Fn::GetAtt":["ApiLogs","Arn"]`} {
		if !strings.Contains(stage, field) {
			t.Errorf("the access log has no %s: %s", field, stage)
		}
	}
}

// TestMachine: up to a tenth of the batches may fail before the run does, no state
// passes over a failure in silence, and whatever waits has an end.
func TestMachine(t *testing.T) {
	data, err := os.ReadFile(deployFolder + "fleet.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	var machine map[string]any
	if err := json.Unmarshal(data, &machine); err != nil {
		t.Fatal(err)
	}
	if machine["TimeoutSeconds"] == nil {
		t.Error("a run has no end")
	}
	maps, tasks := 0, 0
	var walk func(states map[string]any)
	walk = func(states map[string]any) {
		for name, s := range states {
			state := s.(map[string]any)
			if state["Catch"] != nil {
				t.Errorf("%s catches what fails", name)
			}
			switch state["Type"] {
			case "Map":
				maps++
				if state["ToleratedFailurePercentage"] != 10.0 || state["MaxConcurrencyPath"] != "$.plan.concurrency" {
					t.Errorf("%s tolerates %v %% and has %v at a time", name, state["ToleratedFailurePercentage"], state["MaxConcurrencyPath"])
				}
				walk(state["ItemProcessor"].(map[string]any)["States"].(map[string]any))
			case "Task":
				tasks++
				if state["TimeoutSeconds"] == nil || state["Retry"] == nil {
					t.Errorf("%s has no end, or is not tried again", name)
				}
			}
		}
	}
	walk(machine["States"].(map[string]any))
	if maps != 2 || tasks != 4 {
		t.Errorf("there are %d maps and %d tasks", maps, tasks)
	}
}
