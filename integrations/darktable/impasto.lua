--[[
Impasto in darktable: a target of the export module that paints what is exported, beside the photograph, and imports it.
Needs the command impasto; IMPASTO_COMMAND names it where it is not on the path.
]]
local dt = require "darktable"

local NAME = "impasto"
local windows = package.config:sub(1, 1) == "\\"
local NOT_FOUND = windows and 9009 or 127 -- status of a shell that knows no such command
local remembered = dt.preferences.read(NAME, "style", "string")

local style = dt.new_widget("entry") {
  text = remembered ~= "" and remembered or "starry-night",
  tooltip = "a style's name, a style file or a picture; several with weights, as scream:2, udnie",
}
local strength = dt.new_widget("slider") {
  label = "strength", soft_min = 0, soft_max = 1, hard_min = 0, hard_max = 1, step = 0.05, digits = 2, value = 1,
}

-- One argument of a command line, whatever stands in it.
local function quoted(text)
  if windows then
    return '"' .. text:gsub('"', "") .. '"' -- no name of a file has one there
  end
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function styles()
  local names = {}
  for name in style.text:gmatch("[^,]+") do
    name = name:match("^%s*(.-)%s*$")
    if name ~= "" then
      names[#names + 1] = "--style=" .. name
    end
  end
  return names
end

-- The last line of a file, which is the sentence that Impasto ends with.
local function last_line(path)
  local last
  local file = io.open(path)
  if file then
    for line in file:lines() do
      last = line:match("%S") and line or last
    end
    file:close()
  end
  return last
end

local function exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

-- Where the painting goes: nothing is replaced.
local function free_name(image, suffix)
  local stem = image.path .. (windows and "\\" or "/") .. image.filename:gsub("%.%w+$", "") .. "-impasto"
  local target, copy = stem .. suffix, 2
  while exists(target) do
    target, copy = stem .. "-" .. copy .. suffix, copy + 1
  end
  return target
end

local function run(arguments, errors)
  local words = { quoted(os.getenv("IMPASTO_COMMAND") or "impasto") }
  for _, argument in ipairs(arguments) do
    words[#words + 1] = quoted(argument)
  end
  local line = table.concat(words, " ") .. " 2> " .. quoted(errors)
  if windows then
    line = '"' .. line .. '"' -- cmd.exe takes the outermost quotes away
  end
  local done, _, status = os.execute(line)
  return done == true, status
end

-- Called with each exported file, a temporary one.
local function store(_, image, _, filename, number, total)
  local names = styles()
  if #names == 0 then
    dt.print("Impasto: no style is given; name one, for example starry-night.")
    os.remove(filename)
    return
  end
  dt.preferences.write(NAME, "style", "string", style.text)
  dt.print(string.format("Impasto paints %d of %d", number, total))
  local target, errors = free_name(image, filename:match("%.%w+$")), os.tmpname()
  local point = string.format("%.2f", strength.value):gsub(",", ".") -- whatever the language writes
  local arguments = { "apply", filename, "-o", target, "--quiet", "--strength=" .. point }
  for _, name in ipairs(names) do
    arguments[#arguments + 1] = name
  end
  local done, status = run(arguments, errors)
  local said = status ~= NOT_FOUND and last_line(errors)
  if done then
    dt.database.import(target)
  else
    dt.print("Impasto: " .. (said or "the command impasto was not found; install it, or name it in IMPASTO_COMMAND."))
  end
  os.remove(errors)
  os.remove(filename)
end

local function supported(_, format)
  local kind = format.extension:lower()
  return kind == "jpg" or kind == "png" or kind == "tif" or kind == "webp" or kind == "avif"
end

dt.register_storage(NAME, "paint with Impasto", store, nil, supported, nil, dt.new_widget("box") { style, strength })
