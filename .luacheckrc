-- Scripts are checked as Redis gets them, with their includes in place (scripts/lint-lua.mjs).
std = "min"
read_globals = { "redis", "KEYS", "ARGV", "cjson", "unpack" }
max_line_length = 110
max_comment_line_length = 120
