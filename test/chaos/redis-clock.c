/*
 * Shows a process a wall clock that can be set while it runs: CHAOS_CLOCK_FILE holds how far it is ahead, as a little-endian
 * 64-bit number of microseconds. The monotonic clock runs as it should. (libfaketime does not start with jemalloc.)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset_us;

__attribute__((constructor)) static void map_offset(void) {
  const char *file = getenv("CHAOS_CLOCK_FILE");
  int fd = file ? open(file, O_RDONLY) : -1;
  if (fd < 0) return;
  void *memory = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (memory != MAP_FAILED) offset_us = memory;
}

static int64_t now_ns(void) {
  struct timespec real;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &real);
  return real.tv_sec * 1000000000LL + real.tv_nsec + (offset_us ? *offset_us * 1000 : 0);
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
  (void)zone;
  int64_t ns = now_ns();
  tv->tv_sec = ns / 1000000000LL;
  tv->tv_usec = ns % 1000000000LL / 1000;
  return 0;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  if (clock != CLOCK_REALTIME) return syscall(SYS_clock_gettime, clock, at);
  int64_t ns = now_ns();
  at->tv_sec = ns / 1000000000LL;
  at->tv_nsec = ns % 1000000000LL;
  return 0;
}

time_t time(time_t *at) {
  time_t now = now_ns() / 1000000000LL;
  if (at) *at = now;
  return now;
}
