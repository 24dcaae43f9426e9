package steps

// DriftFolder has an object for each series whose model is reported to have
// drifted, by its checkpoint's name. Training removes it.
const DriftFolder = "drift/"

// RunFolder has a folder for each run, with its manifests and answers.
const RunFolder = "runs/"

// AnswerFolder returns where the answers of a run's batches are.
func AnswerFolder(run, name string) string { return RunFolder + run + "/" + name + "/" }
