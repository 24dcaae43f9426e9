# Writes goldens.json beside this file:
#   Rscript goldens.R M4_HOURLY_TRAIN_CSV_GZ > goldens.json
# Estimates of R's stats::arima and forecast::Arima at fixed orders. The
# airline series is R's own AirPassengers (Box and Jenkins 1976); the M4 Hourly
# series are read from the competition's training file and not written here.
suppressMessages(library(forecast))
args <- commandArgs(TRUE)
m4 <- read.csv(gzfile(args[1]), row.names = 1)
hourly <- function(id) ts(as.numeric(na.omit(unlist(m4[id, ]))), frequency = 24)
holes <- function(y, at) { y[at] <- NA; y }
air <- AirPassengers
n <- length(air)
wave <- function(k, t) cbind(c = cos(2 * pi * k * t / 12), s = sin(2 * pi * k * t / 12))

case <- function(name, series, y, order, seasonal = c(0, 0, 0), constant = FALSE,
                 xreg = NULL, future = NULL, missing = NULL, h = 24, method = "CSS-ML") {
  fit <- if (is.null(xreg))
    Arima(y, order = order, seasonal = seasonal, include.constant = constant, method = method)
  else Arima(y, order = order, seasonal = seasonal, include.constant = constant, xreg = xreg)
  fc <- if (is.null(future)) forecast(fit, h = h, level = c(80, 95))
        else forecast(fit, xreg = future, level = c(80, 95))
  list(name = name, series = series, order = c(order, seasonal, frequency(y)),
       constant = constant, missing = if (is.null(missing)) NULL else missing - 1, # counted from 0
       coef = as.list(fit$coef), se = as.list(sqrt(diag(fit$var.coef))),
       sigma2 = fit$sigma2, loglik = fit$loglik, aic = fit$aic, aicc = fit$aicc, bic = fit$bic,
       sd = sd(y, na.rm = TRUE), mean = as.numeric(fc$mean),
       lower80 = as.numeric(fc$lower[, 1]), upper80 = as.numeric(fc$upper[, 1]),
       lower95 = as.numeric(fc$lower[, 2]), upper95 = as.numeric(fc$upper[, 2]))
}

gap <- c(5, 30:36, 77, 100, 101, 143)
cases <- list(
  case("airline", "air", air, c(2, 1, 1), c(0, 1, 0)),
  case("airline log", "logair", log(air), c(0, 1, 1), c(0, 1, 1)),
  case("airline log missing", "logair", holes(log(air), gap), c(0, 1, 1), c(0, 1, 1), missing = gap),
  case("airline log missing stationary", "dlogair", holes(diff(log(air)), gap), c(2, 0, 1), c(1, 0, 0),
       constant = TRUE, missing = gap),
  case("airline log regressors", "logair", log(air), c(1, 1, 1), c(0, 0, 0), constant = TRUE,
       xreg = cbind(wave(1, 1:n), wave(2, 1:n)), future = cbind(wave(1, n + 1:24), wave(2, n + 1:24))),
  case("airline mean", "dlogair", diff(log(air)), c(1, 0, 1), c(1, 0, 1), constant = TRUE,
       method = "ML"),
  case("M4 H1", "H1", hourly("H1"), c(2, 0, 2), c(2, 1, 0), constant = TRUE, h = 48),
  case("M4 H150", "H150", hourly("H150"), c(5, 0, 2), c(2, 1, 0), h = 48),
  case("M4 H400", "H400", hourly("H400"), c(4, 0, 0), c(2, 1, 0), h = 48))
vector <- c("missing", "mean", "lower80", "upper80", "lower95", "upper95")
json <- function(v, name = "") {
  if (is.null(v)) return("null")
  if (is.list(v)) {
    items <- lapply(seq_along(v), function(i) json(v[[i]], names(v)[i]))
    if (is.null(names(v))) return(paste0("[", paste(items, collapse = ",\n"), "]"))
    return(paste0("{", paste0('"', names(v), '": ', items, collapse = ", "), "}"))
  }
  item <- if (is.character(v)) paste0('"', v, '"')
          else if (is.logical(v)) tolower(as.character(v)) else format(v, digits = 11, trim = TRUE)
  if (length(item) == 1 && !(name %in% vector)) return(item)
  paste0("[", paste(sapply(seq_along(v), function(i) if (is.numeric(v)) format(v[i], digits = 11) else item[i]),
                    collapse = ", "), "]")
}
cat(json(list(r = R.version.string, forecast = as.character(packageVersion("forecast")), cases = cases)), "\n")
