# The reference values of this package's tests, by R's stl:
#
#     Rscript golden.R [m4_hourly_train.csv.gz] > golden.json
#
# A case holds the series unless it is that of M4, which the tests read from
# the given file, and of each component every stride-th value. Robust cases
# have an odd number of points: at an even one R's program sometimes takes a
# wrong order statistic for the upper of the two that the median is between.

lcg <- function(n, seed) { # uniform in [0,1): x' = (16807 x) mod (2^31 - 1)
  x <- numeric(n)
  for (i in seq_len(n)) { seed <- (16807 * seed) %% 2147483647; x[i] <- seed / 2147483647 }
  x
}
air <- log(as.numeric(AirPassengers))
t <- seq_len(240)
temperature <- round(49 + 11 * sin(2 * pi * (t - 4) / 12) + 8 * (lcg(240, 7) - .5), 1)
temperature[c(30, 31, 150, 222)] <- c(90, 12, 20, 75) # outliers
t <- seq_len(24 * 7 * 5)
week <- round(100 + t / 20 + 20 * sin(2 * pi * t / 24) + 8 * cos(2 * pi * t / 12) +
  15 * (t %% 168 >= 120) + 10 * (lcg(length(t), 11) - .5), 2)

pick <- function(x, stride) as.numeric(x)[seq(1, length(x), by = stride)]
one <- function(name, y, period, stride, keep, window, robust = FALSE) {
  f <- stl(ts(y, frequency = period), s.window = window, robust = robust)
  s <- f$time.series
  list(name = name, n = length(y), y = if (keep) y else NULL, period = period, stride = stride,
    window = if (is.character(window)) 0 else window, robust = robust,
    trend_window = unname(f$win["t"]),
    seasonal = pick(s[, "seasonal"], stride), trend = pick(s[, "trend"], stride),
    remainder = pick(s[, "remainder"], stride), weights = pick(f$weights, stride))
}
cases <- list(
  one("log AirPassengers, 11", air, 12, 1, TRUE, 11),
  one("log AirPassengers, periodic", air, 12, 5, TRUE, "periodic"),
  one("log AirPassengers, periodic, robust", air[-144], 12, 5, TRUE, "periodic", TRUE),
  one("log AirPassengers, 7, robust", air[-144], 12, 5, TRUE, 7, TRUE),
  one("temperature, 35, robust", temperature[-240], 12, 5, TRUE, 35, TRUE),
  one("temperature, odd period", temperature, 7, 5, TRUE, 13),
  one("temperature, barely two periods", temperature[1:25], 12, 1, TRUE, 7, TRUE))
path <- commandArgs(TRUE)
if (length(path)) {
  m4 <- read.csv(gzfile(path[1]))
  h1 <- as.numeric(m4[m4[, 1] == "H1", -1]); h1 <- h1[!is.na(h1)]
  cases <- c(cases, list(
    one("M4 H1, 11", h1, 24, 29, FALSE, 11),
    one("M4 H1, periodic, robust", h1[-700], 24, 29, FALSE, "periodic", TRUE),
    one("M4 H1, a week", h1, 168, 29, FALSE, 15)))
}
out <- list(
  tool = R.version.string,
  stl = cases)
cat(jsonlite::toJSON(out, auto_unbox = TRUE, digits = I(15), null = "null"), "\n", sep = "")
