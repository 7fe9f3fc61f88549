package cluster

import "errors"

// The scripts of the room log; each file says what it promises.
var (
	scriptPublish = mustScript("publish")
	scriptCreate  = mustScript("create")
	scriptJoin    = mustScript("join")
	scriptLeave   = mustScript("leave")
	scriptDetach  = mustScript("detach")
	scriptRename  = mustScript("rename")
	scriptDelete  = mustScript("delete")
	scriptRecover = mustScript("recover")
	scriptRebuild = mustScript("rebuild")
	scriptTouch   = mustScript("touch")
	scriptPrune   = mustScript("prune")
	scriptProbe   = mustScript("probe")
)

// errReply is what a script of ours never says.
var errReply = errors.New("cluster: a script's answer has another shape than it promises")

// errUnavailable says that Redis gave no answer in time.
var errUnavailable = errors.New("cluster: redis gives no answer")
