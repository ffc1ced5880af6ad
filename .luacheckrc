-- Scripts are assembled: `-- @include shared/x.lua` is replaced by that file's text (lua/src/index.ts).
std = "min"
read_globals = { "redis", "KEYS", "ARGV" }
max_line_length = 110
files["lua/shared"] = { ignore = { "211", "221" } }
