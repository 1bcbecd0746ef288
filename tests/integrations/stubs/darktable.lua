-- A stub of what the script uses of darktable; the test calls it with an exported file.
local dt = { said = {}, imported = {}, preferences = {}, database = {} }
function dt.preferences.read() return "" end
function dt.preferences.write() end
function dt.new_widget() return function(fields) return fields end end
function dt.print(text) print("said: " .. text) end
function dt.database.import(path) print("imported: " .. path) end
function dt.register_storage(name, title, store, finish, supported, _, widget)
  assert(supported(nil, { extension = "png" }) and not supported(nil, { extension = "exr" }))
  widget[1].text = arg[4]
  store(nil, { path = arg[2], filename = arg[3] }, nil, arg[1], 1, 1)
end
return dt
