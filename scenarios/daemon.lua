-- A device daemon: it hears what appears and mounts it, and clears up after what has gone. It knows
-- nothing that any other program could not know: it listens, opens, reads, and closes again.
--
--   local daemon = use("daemon")
--   local mounts = daemon.start({ readonly = false, cache = 8 })
--   mounts.at("/usr")      -- the volume that is mounted there, or nil
--   mounts.all()           -- what is mounted: a list of { path, disk, volume }
--   mounts.busy()          -- how many disks it is looking at now
--   mounts.stop()          -- mounts no more; what is mounted stays
--
-- UFS is mounted by the path that its superblock says it was on last, and so is ext; any other volume
-- on /media by its name, or by that of its disk. Of two that want one path the second comes to /media.

local daemon = {}

-- A path from a superblock, which anybody may have written: nothing but a plain absolute one counts.
local function plainPath(path)
  if path:sub(1, 1) ~= "/" or path:find("//", 1, true) or path:find("[%c?%s]") then
    return nil
  end
  for name in path:gmatch("[^/]+") do
    if name == "." or name == ".." then
      return nil
    end
  end
  return #path > 1 and path:gsub("/$", "") or path
end

local function plainName(name)
  return name ~= "" and name ~= "." and name ~= ".." and not name:find("[%c/?]") and name or nil
end

-- Where a volume on the disk of that name wants to be, best first.
local function wishes(diskName, volume)
  local paths = {}
  paths[#paths + 1] = plainPath(volume:last_mounted())
  local name = plainName(volume:label())
  if name ~= nil then
    paths[#paths + 1] = "/media/" .. name
  end
  paths[#paths + 1] = "/media/" .. diskName
  return paths
end

-- A disk by another name is mounted as itself; a disk in use belongs to whoever uses it, be it a table
-- or a mirror. Names alone are no use.
local function isFree(disk)
  if disk:geom():class() == "label" then
    return false
  end
  for _, user in ipairs(disk:users()) do
    if user:class() ~= "label" then
      return false
    end
  end
  return true
end

function daemon.start(options)
  options = options or {}
  local mounted = {} -- by path; true while it is being mounted
  local running = true
  local looking = 0
  local mounts = {}

  -- The first of the paths that nobody has.
  local function take(paths)
    for _, path in ipairs(paths) do
      if mounted[path] == nil then
        mounted[path] = true
        return path
      end
    end
    return nil
  end

  -- Reads the superblock; nil when no volume is there, or none that can be read now.
  local function look(disk, name)
    local seen, volume = pcall(mount, disk, { readonly = true })
    if not seen then
      return nil
    end
    local paths = wishes(name, volume)
    pcall(volume.unmount, volume)
    settle()
    return paths
  end

  local function mountOn(disk, name, path)
    local done, volume = pcall(mount, disk, {
      on = path,
      readonly = options.readonly or false,
      cache = options.cache or 64,
    })
    if not done then
      mounted[path] = nil
      log(("daemon: %s is not mounted on %s: %s"):format(name, path, tostring(volume)))
      return
    end
    mounted[path] = { path = path, disk = name, volume = volume }
    log(("daemon: %s, %s, is mounted on %s"):format(name, volume:kind(), path))
  end

  -- The disk may be gone at any time; its name can be told all the same.
  local function consider(disk, name)
    local paths = look(disk, name)
    local path = paths ~= nil and disk:is_there() and take(paths) or nil
    if path ~= nil then
      mountOn(disk, name, path)
    end
  end

  on("provider_published", function(fact)
    settle()
    local disk = mesh.provider(fact.provider)
    if running and disk ~= nil and disk:is_there() and isFree(disk) then
      looking = looking + 1
      consider(disk, fact.provider)
      looking = looking - 1
    end
  end)

  -- A mount that has ended, by whatever cause, is no longer in the table.
  on("geom_freed", { class = "fs" }, function()
    for path, entry in pairs(mounted) do
      if entry ~= true and not entry.volume:is_mounted() then
        mounted[path] = nil
        local lost = entry.volume:lost()
        log(
          lost.blocks == 0 and ("daemon: %s is no longer on %s"):format(entry.disk, path)
            or ("daemon: %s is gone from %s and has taken %d bytes along"):format(
              entry.disk,
              path,
              lost.bytes
            )
        )
      end
    end
  end)

  function mounts.at(path)
    local entry = mounted[path]
    return entry ~= nil and entry ~= true and entry.volume or nil
  end

  function mounts.all()
    local all = {}
    for _, entry in pairs(mounted) do
      if entry ~= true then
        all[#all + 1] = entry
      end
    end
    return all
  end

  function mounts.busy()
    return looking
  end

  function mounts.stop()
    running = false
  end

  return mounts
end

return daemon
