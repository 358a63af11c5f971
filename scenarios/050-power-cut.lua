-- A mirror over two shelves. One loses its power in the middle of writing, with bytes in its drive's
-- buffer that it has answered for, and comes back stale; then the other shelf goes, and the first has to
-- have everything.

title("A shelf loses its power, and what comes back is stale")

local function letter()
  return ("Dear reader, all is well here.\n"):rep(3000)
end

-- Both drives answer writes from their buffers.
local function shelf(name)
  local made = machine({ name = name, profile = "sata-ncq", controller = "sata" })
  local image = media.make({
    name = name .. ".img",
    slices = {
      { size = "6 MiB", format = "fat12", label = "LETTERS", files = { ["/LETTER.TXT"] = letter() } },
    },
  })
  return made, medium({ image = image, profile = "sata-ncq" })
end

local left, leftDisk = shelf("left")
local right, rightDisk = shelf("right")
left:insert(0, leftDisk)
right:insert(0, rightDisk)
settle()
mirror.label("letters", { "da0s1", "da1s1" })
settle()
mirror.complete(mesh.geom("mirror", "letters"))
local volume = mount("mirror/letters", { on = "/letters", cache = 8 })
settle()
step("One disk on each shelf", "The slices are mirrored, and on the mirror there is a file system.")

-- The left shelf ------------------------------------------------------------------------------------

local work = volume:work({ file = "/LETTER.TXT", pause = "1 ms", sync_every = 8 })
sleep("510 ms")
local before = work:counts().writes
expect(before > 20, "the file is written to")
left:cut_power(nil, { tear = "prefix", shorn = 8 })
sleep("100 ms")
expect(mesh.provider("da0") == nil, "without power the disk is gone")
expect(volume:is_mounted(), "the file system has heard nothing of it")
expect_refused("has no power", left.disk, left, 0)
step(
  "The left shelf loses its power",
  ("Its drive had answered for %d bytes that were not on the medium. " ..
   "The mirror goes on with the other.\n\n%s"):format(
    left:statistics(0).lost_bytes,
    mesh.geom("mirror", "letters"):status()
  )
)
sleep("500 ms")
expect(work:counts().writes > before + 20, "the work goes on")

left:restore_power()
settle()
expect(mesh.provider("da0"), "with the power another disk comes")
mirror.complete(mesh.geom("mirror", "letters"))
expect(mesh.geom("mirror", "letters"):status():find("COMPLETE"),
       "it was stale, and has been brought up to date")
step("It comes back", "Nobody reads from the stale disk: it gets a new copy while the work goes on.")

-- The right shelf -----------------------------------------------------------------------------------

sleep("300 ms")
right:cut_power()
settle()
expect(volume:is_mounted(), "the disk that had been stale is enough now")
work:stop()
expect(work:wait() == nil, "the work has met no error and no wrong byte")
volume:sync()
expect(
  judge.fat_file(leftDisk:write_out(), 1, "/LETTER.TXT") == work:contents(),
  "mcopy finds on it what was written, byte for byte"
)
step("The right shelf goes", "The left one has everything that was written while it was away.")

power.cut()
settle()
expect(not volume:is_mounted(), "without any power nothing is left to be mounted")
step("The power of everything goes", "Everybody is told.")
