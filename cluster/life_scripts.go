package cluster

// The scripts of leases, sessions and operators; each file says what it promises.
var (
	scriptTake      = mustScript("ids_take")
	scriptFree      = mustScript("ids_free")
	scriptClaim     = mustScript("ids_claim")
	scriptDraw      = mustScript("ids_draw")
	scriptWrite     = mustScript("session_write")
	scriptResume    = mustScript("session_resume")
	scriptClose     = mustScript("session_close")
	scriptDrop      = mustScript("session_drop")
	scriptOrphan    = mustScript("session_orphan")
	scriptHeartbeat = mustScript("node_heartbeat")
	scriptLock      = mustScript("node_lock")
	scriptDue       = mustScript("node_due")
	scriptUndue     = mustScript("node_undue")
	scriptCommand   = mustScript("ctl_append")
	scriptBan       = mustScript("ban_put")
	scriptLift      = mustScript("ban_lift")
	scriptRate      = mustScript("rate")
)
