exec(open("@SECRET@").read())
worked = True
