-- A partition moves from one disk to another while its file system is at work on it: a mirror is put
-- between the two, the other disk gets a copy, the first is let go of, and the mirror leaves again.

title("A partition moves while it is used")

local function letter(to)
  return ("Dear %s, all is well here.\n"):format(to):rep(1600)
end

local function makeImage(name, format)
  local files = format ~= "none" and { ["/letter.txt"] = letter("mover") } or nil
  return media.make({
    name = name,
    slices = {
      {
        size = "40 MiB",
        partitions = {
          { letter = "a", size = "16 MiB", format = format, files = files },
          { letter = "e", size = "16 MiB", format = "none" },
        },
      },
    },
  })
end

local shelf = machine({ bays = 2 })
local new = medium({ image = makeImage("new.img", "none") })
shelf:insert(0, medium({ image = makeImage("old.img", "ufs1") }))
shelf:insert(1, new)
settle()

local cacheBlocks = 8
local volume = mount("da0s1a", { on = "/home", cache = cacheBlocks })
local place = mesh.provider("da1s1a"):start()
local work = volume:work({ file = "/letter.txt", pause = "1 ms", sync_every = 16 })
sleep("3 s")
step("A file system is at work on da0s1a", "The same partition of the other disk is free.")

-- The mesh as a text in which the disks are exchanged, its lines in order: equal texts are equal meshes.
local function exchanged(text)
  return (text:gsub("da([01])", function(number)
    return "da" .. 1 - number
  end))
end

-- Who stands on what, as it is held open; names of volumes are no part of the move.
local function shape(text)
  local lines = {}
  for line in text:gmatch("[^\n]+") do
    if not line:find("label,") then
      lines[#lines + 1] = line
    end
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

local before = shape(mesh.tree())

-- The worker knows at any time what its file has to hold: a request that was lost, or turned round with
-- another, shows as a wrong byte.
local moving = spawn(function()
  local report = move("da0s1a", "da1s1a")
  log(
    ("moved %d bytes in %.1f s; the longest pause was %.1f ms"):format(
      report.copied,
      report.duration_ns / 1e9,
      report.longest_pause_ns / 1e6
    )
  )
  -- A pause lasts until what is in flight has come back: at worst the whole cache is being written. The
  -- drive needs no more than 0.1 s for one request: across the medium, once round, and the transfer.
  local bound = cacheBlocks * 100e6
  expect(report.longest_pause_ns <= bound, ("no pause is over the bound of %.1f s"):format(bound / 1e9))
end)
sleep("3 s")
step("A mirror stands between", mesh.geom("mirror", "move-of-da0s1a"):status())
moving:wait()
settle()
step("The partition has moved", "The mirror is gone; the file system stands on the other disk.")

expect(volume:is_mounted(), "the file system is mounted as before")
expect(
  shape(mesh.tree()) == shape(exchanged(before)),
  "the mesh is what it was, with the disks exchanged"
)
sleep("2 s")
work:stop()
expect(work:wait() == nil, "its worker has met no error and no wrong byte")
volume:unmount()
settle()

local image = new:write_out()
expect(
  judge.ufs_file(image, place, "/letter.txt") == work:contents(),
  "the Sleuth Kit finds on the new disk what the worker wrote, byte for byte"
)
step("All is there", "Real tools read from the new disk what was written before, during and after the move.")
