package node

import (
	"errors"
	"log/slog"

	"chatroom/admin"
	"chatroom/cluster"
	"chatroom/engine"
	"chatroom/internal/config"
)

// Check asks the packages that use the settings whether they can; it reports every fault at once.
// It opens nothing.
func Check(s config.Settings) error {
	faults := []error{engineConfig(s, identity{}, nil).Validate(), adminConfig(s, identity{}, nil).Validate()}
	if s.RedisURL != "" {
		faults = append(faults, clusterConfig(s, newIdentity(), nil).Validate())
	}
	return errors.Join(faults...)
}

func engineConfig(s config.Settings, id identity, log *slog.Logger) engine.Config {
	c := engine.Config{
		Listen:         s.Listen,
		Origins:        s.AllowedOrigins,
		TrustedProxies: s.TrustedProxies,
		ResumeWindow:   s.ResumeWindow,
		Heartbeat:      s.Heartbeat,
		ClientIDs:      engine.IDRange(s.ClientIDs),
		MaxConnections: s.MaxConnections,
		MessageRate:    engineRate(s.MessageRate),
		HandshakeRate:  engineRate(s.HandshakeRate),
		RoomLog:        engine.Retention{Messages: s.RoomLog.Messages, Age: s.RoomLog.Age, Bytes: int(s.RoomLog.Bytes)},
		LogMemory:      s.LogMemory,
		MaxMessage:     s.MaxMessage,
		MaxPending:     s.MaxPending,
		Drain:          s.Drain,
		ServerID:       id.server,
		Version:        config.Version(),
		Logger:         log,
	}
	// Zero means "default" to the engine and "not at all" to an operator.
	if s.ResumeWindow == 0 {
		c.ResumeWindow = -1
	}
	if s.Drain == 0 {
		c.Drain = -1
	}
	return c
}

func engineRate(r config.Rate) engine.Rate {
	return engine.Rate{PerSecond: r.PerSecond, Burst: r.Burst, Off: r.Off()}
}

func clusterConfig(s config.Settings, id identity, log *slog.Logger) cluster.Config {
	return cluster.Config{
		URL:          s.RedisURL,
		Prefix:       s.RedisPrefix,
		Ack:          s.Ack,
		ResumeWindow: s.ResumeWindow,
		RoomLog:      cluster.Limits{Messages: s.RoomLog.Messages, Age: s.RoomLog.Age, Bytes: s.RoomLog.Bytes},
		ClientIDs:    cluster.IDRange{Low: s.ClientIDs.First, High: s.ClientIDs.Last},
		ServerID:     id.server,
		Host:         id.host,
		Version:      config.Version(),
		Logger:       log,
	}
}

func adminConfig(s config.Settings, id identity, log *slog.Logger) admin.Config {
	return admin.Config{
		Listen:         s.AdminListen,
		User:           s.AdminUser,
		Pass:           s.AdminPass,
		JWTSecret:      s.JWTSecret,
		JWTTTL:         s.JWTTTL,
		MinIssuedAt:    s.JWTMinIAT,
		TrustedProxies: s.TrustedProxies,
		ServerID:       id.server,
		Version:        config.Version(),
		Logger:         log,
	}
}
