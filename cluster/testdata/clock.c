/* Preloaded into a redis-server, it shifts the wall clock by the seconds that the file named in
 * CLOCK_SHIFT holds, read anew at each look at the clock. Monotonic clocks go on as they are. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift(void) {
	char text[32] = {0};
	const char *name = getenv("CLOCK_SHIFT");
	int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	if (file < 0) return 0;
	if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
	close(file);
	return atol(text);
}

int clock_gettime(clockid_t id, struct timespec *out) {
	int result = (int)syscall(SYS_clock_gettime, id, out);
	if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) out->tv_sec += shift();
	return result;
}

int gettimeofday(struct timeval *out, void *zone) {
	struct timespec now;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *out) {
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out) *out = now.tv_sec;
	return now.tv_sec;
}
