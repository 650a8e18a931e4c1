/* How the program runs: its lines are read as they are written, and whatever becomes of the other end, it ends. */

static void on_alarm(int signal) {
  (void)signal;
  if (write(STDOUT_FILENO, "late\n", 5) < 0) _exit(4);
  _exit(3);
}

static void start_program(unsigned seconds) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGALRM, on_alarm);
  alarm(seconds);
}
