package engine

// Departing counts sessions that have ended and still wait for an answer.
func (e *Engine) Departing() int64 { return e.departing.Load() }
