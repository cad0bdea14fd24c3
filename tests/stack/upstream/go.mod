module mme-agent/upstream

go 1.24
