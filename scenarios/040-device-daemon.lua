-- Section 4 of the paper, from the other side: who mounts what was found is no part of the mesh but a
-- program outside, a device daemon, which finds the path of a UFS volume in its superblock. Disks come
-- and go; the daemon follows.

title("A device daemon mounts what appears")

local daemon = use("daemon")

local function letter(to)
  return ("Dear %s, all is well here.\n"):format(to):rep(800)
end

local home = media.make({
  name = "home.img",
  size = "64 MiB",
  slices = {
    {
      size = "32 MiB",
      partitions = {
        {
          letter = "a",
          size = "12 MiB",
          format = "ufs2",
          mounted_on = "/",
          files = { ["/letter.txt"] = letter("root") },
        },
        {
          letter = "e",
          format = "ufs1",
          mounted_on = "/usr",
          files = { ["/letter.txt"] = letter("usr") },
        },
      },
    },
    { format = "fat16", label = "EXCHANGE", files = { ["/LETTER.TXT"] = letter("exchange") } },
  },
})

-- It was made on another machine, where it was /usr as well; its other volume says impossible things.
local guest = media.make({
  name = "guest.img",
  size = "32 MiB",
  slices = {
    {
      partitions = {
        {
          letter = "a",
          size = "12 MiB",
          format = "ufs2",
          mounted_on = "/usr",
          files = { ["/letter.txt"] = letter("guest") },
        },
        { letter = "d", size = "12 MiB", format = "ufs1", mounted_on = "/../etc" },
        { letter = "e" },
      },
    },
  },
})

local rack = machine({ bays = 2, profile = "zip100" })
local mounts = daemon.start({ cache = 8 })

-- The daemon reads from disks, so it goes on when the mesh is quiet.
local function untilQuiet()
  repeat
    settle()
    sleep("100 ms")
  until mounts.busy() == 0
end

local function mountsInWords()
  local lines = {}
  for _, entry in ipairs(mounts.all()) do
    lines[#lines + 1] = ("`%s`, %s, on `%s`"):format(entry.disk, entry.volume:kind(), entry.path)
  end
  return table.concat(lines, "; ") .. "."
end

local function expectMounts(expected)
  local count = 0
  for path, disk in pairs(expected) do
    count = count + 1
    local volume = mounts.at(path)
    expect(volume ~= nil, ("there is something on %s"):format(path))
    expect(volume:name() == "fs " .. path and mesh.provider(disk):access().w > 0, ("it is %s"):format(disk))
  end
  expect(#mounts.all() == count, ("nothing else is mounted besides these %d"):format(count))
end

-- Act one: disks come -------------------------------------------------------------------------------

local disk = medium({ image = home })
rack:insert(0, disk)
untilQuiet()
expectMounts({ ["/"] = "da0s1a", ["/usr"] = "da0s1e", ["/media/EXCHANGE"] = "da0s2" })
step(
  "A disk comes, and the daemon mounts what is on it",
  "UFS by the path in its superblock, FAT by its name: " .. mountsInWords()
)

rack:insert(1, medium({ image = guest }))
untilQuiet()
expectMounts({
  ["/"] = "da0s1a",
  ["/usr"] = "da0s1e",
  ["/media/EXCHANGE"] = "da0s2",
  ["/media/da1s1a"] = "da1s1a",
  ["/media/da1s1d"] = "da1s1d",
})
expect(#mesh.provider("da1s1e"):users() == 0, "an empty partition is left alone")
step(
  "Another disk comes from another machine",
  "Its `/usr` is taken, and `/../etc` is no path to follow, so both come to `/media`. The empty partition "
    .. "is left alone: "
    .. mountsInWords()
)

-- Act two: one is torn out --------------------------------------------------------------------------

local work = mounts.at("/usr"):work({ file = "/letter.txt", pause = "2 ms" })
sleep("5 s")
local usr = mounts.at("/usr")
rack:tear_out(0)
settle()
expect(not usr:is_mounted(), "/usr is unmounted by force")
expectMounts({ ["/media/da1s1a"] = "da1s1a", ["/media/da1s1d"] = "da1s1d" })
expect(mesh.provider("da0") == nil, "no trace is left of the disk")
step(
  "The first disk is torn out",
  ("What it had is gone with %d bytes that were never written. The other disk is not concerned: "):format(
    usr:lost().bytes
  ) .. mountsInWords()
)
work:wait()

rack:insert(0, disk)
untilQuiet()
expectMounts({
  ["/"] = "da0s1a",
  ["/usr"] = "da0s1e",
  ["/media/EXCHANGE"] = "da0s2",
  ["/media/da1s1a"] = "da1s1a",
  ["/media/da1s1d"] = "da1s1d",
})
step("It comes back", "It is a new disk, and the daemon treats it as one: " .. mountsInWords())

-- Act three: they leave with notice -----------------------------------------------------------------

work = mounts.at("/media/EXCHANGE"):work({ file = "/LETTER.TXT", pause = "2 ms" })
sleep("5 s")
work:stop()
work:wait()
local start = mesh.provider("da0s1e"):start()
rack:eject(0, { deadline = "60 s" })
rack:eject(1, { deadline = "60 s" })
settle()
expectMounts({})
local left = 0
for _, count in pairs(census()) do
  left = left + count
end
expect(left == 0, "all traces of the disks have been removed")
step("Both disks are ejected", "Everybody was told, wrote back what was dirty and closed.")

local image = disk:write_out()
expect(judge.fat(image, 2).clean, "fsck.vfat finds nothing wrong with the file system")
expect(
  judge.fat_file(image, 2, "/LETTER.TXT") == work:contents(),
  "the file that mcopy takes out is what was written, byte for byte"
)
expect(
  #judge.ufs_file(image, start, "/letter.txt") == #letter("usr"),
  "the Sleuth Kit still reads the volume that was torn out at work"
)
step("Real tools judge what is on the first disk", "`fsck.vfat`: " .. judge.fat(image, 2).says)
