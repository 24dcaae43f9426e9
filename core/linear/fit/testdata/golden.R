# Writes golden.csv: 120 rows of a weight, four inputs and a heavy-tailed answer.
# Prints the coefficients and the loss of quantile regressions on it.
#   Rscript golden.R        (R 4.2.2, quantreg 5.94, method "br": exact simplex)
suppressMessages(library(quantreg))
set.seed(7)
n <- 120
d <- data.frame(w = round(runif(n, 0.2, 2), 3), one = 1, a = round(rnorm(n), 4), b = round(rt(n, 2), 4), c = round(rexp(n), 4))
d$y <- round(0.7 + 1.3 * d$a - 0.4 * d$b + (1 + 0.5 * d$c) * rt(n, 2), 4)
write.csv(d, "golden.csv", row.names = FALSE)
for (weighted in c(FALSE, TRUE)) for (tau in c(0.5, 0.1, 0.9)) {
  use <- if (weighted) d$w else rep(1, n)
  f <- rq(y ~ one + a + b + c - 1, tau = tau, data = d, weights = use, method = "br")
  r <- d$y - as.matrix(d[, c("one", "a", "b", "c")]) %*% coef(f)
  cat(sprintf("{%s, %g, []float64{%s}, %.10g},\n", tolower(weighted), tau, paste(sprintf("%.10g", coef(f)), collapse = ", "), sum(use * (tau - (r < 0)) * r)))
}
