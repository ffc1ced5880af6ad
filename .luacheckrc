std = "min"
read_globals = { "redis", "KEYS", "ARGV" }
max_line_length = 110
