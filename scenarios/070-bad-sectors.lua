-- A mirror of two disks. One gets sectors that can not be read, then slows down, then hangs up on a
-- request, and at last dies. Whoever reads the mirror is told of none of it.

title("A disk fails bit by bit, and its mirror covers for it")

local shelf = machine({ name = "scsi0", bays = 2, profile = "scsi" })
shelf:insert(0, medium({ name = "failing", profile = "scsi" }))
shelf:insert(1, medium({ name = "sound", profile = "scsi" }))
settle()
configure("mirror", { repair = true })
mirror.label("pair", { "da0", "da1" })
settle()
local pair = mesh.geom("mirror", "pair")
mirror.complete(pair)
mirror.configure(pair, { balance = "prefer", disk = "da0", priority = 7 })

local sector, sectors = 512, 256
local disk = open("mirror/pair", { mode = "rw" })
local function contents(place)
  local text = ("sector %d. "):format(place)
  return text:rep(sector // #text + 1):sub(1, sector)
end
for place = 0, sectors - 1 do
  disk:write(place * sector, contents(place))
end
disk:flush()

-- How many sectors are not what was written.
local function wrong()
  local count = 0
  for place = 0, sectors - 1 do
    if disk:read(place * sector, sector) ~= contents(place) then
      count = count + 1
    end
  end
  return count
end
expect(wrong() == 0, "what was written is read")
step("Two disks, one of them will fail",
     "Reads go to the disk in the first bay, as long as it can serve them.")

-- Bad sectors ---------------------------------------------------------------------------------------

shelf:fault(0, "F01.latent_sector_error first=100 last=107")
local before = shelf:statistics(0).errors
expect(wrong() == 0, "with eight bad sectors everything is read, from the other disk")
settle()
local failed = shelf:statistics(0).errors - before
expect(failed >= 8, "the disk has failed " .. failed .. " times")
before = shelf:statistics(0).errors
expect(wrong() == 0 and shelf:statistics(0).errors == before,
       "then they are good: written anew, from the copy")
step("Eight sectors go bad", "Each read of one is served by the other disk, and the sector is written anew.")

-- Slow, and then silent -----------------------------------------------------------------------------

local function timeOfRead()
  local began = now()
  disk:read(0, sector)
  return now() - began
end
timeOfRead()
local usual = timeOfRead() -- from the drive's buffer, as the next
local slow = shelf:fault(0, "F28.slow percent=1000 times=0")
expect(timeOfRead() > 5 * usual, "a slow disk is waited for")
faults.off(slow)

local hang = shelf:fault(0, "F30.hang command=read until=somebody_looks")
local reader = spawn(function()
  expect(disk:read(50 * sector, sector) == contents(50), "what hung was read in the end")
end)
sleep("2 s")
expect(not reader:done() and faults.struck(hang) == 1, "a read hangs")
expect(faults.release("somebody_looks") == 1, "it is released")
reader:wait()
step("It slows down, and hangs", "Neither is an error, so the mirror waits.")

-- Gone ----------------------------------------------------------------------------------------------

local death = shelf:fault(0, "F19.death command=read nth=20")
expect(wrong() == 0, "the disk dies in the middle of reading, and nobody hears of it")
settle()
expect(faults.struck(death) == 1, "it has died")
expect(mesh.provider("da0") == nil, "the disk is gone")
expect(mesh.provider("mirror/pair"):is_there(), "the mirror is not")
disk:close()
step("It dies", "The mirror goes on with the disk that is left.\n\n" .. table.concat(faults.list(), "\n"))
