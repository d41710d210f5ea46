"""Every test of the four packages; a package itself, so that absolute imports find its builders."""
